//! Pressure: the time in which something waited for memory, a processor or a disk.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wardkit_process::Cgroup;
use wardkit_supervise::Measure;

/// How long something has waited, since the group was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waited {
    pub(crate) total: Duration,
    pub(crate) of: Whose,
}

/// Whose pressure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// That of the run.
    Run,
    /// That of the whole host, since the run has no group that tells.
    Host,
}

/// Reads how long something of a run has waited, or of the host where the run's group does not tell.
///
/// # Errors
///
/// When neither tells, for people.
pub(crate) fn waited(
    measure: Measure,
    group: Option<&Cgroup>,
    host: &Path,
) -> Result<Waited, String> {
    let name = match measure {
        Measure::CpuPressure => "cpu",
        Measure::IoPressure => "io",
        _ => "memory",
    };
    let own = group.and_then(|group| total(&group.path().join(format!("{name}.pressure"))).ok());
    if let Some(total) = own {
        return Ok(Waited { total, of: Whose::Run });
    }
    let path = host.join(name);
    let total = total(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Waited { total, of: Whose::Host })
}

/// Reads the time in which some task waited: `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`.
fn total(path: &Path) -> std::io::Result<Duration> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix("some "));
    let total =
        line.and_then(|line| line.split(' ').find_map(|field| field.strip_prefix("total=")));
    let micros = total.and_then(|total| total.parse().ok());
    micros.map(Duration::from_micros).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_waits_by_itself_where_its_group_tells_and_with_the_host_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let host = folder.path().join("host");
        fs::create_dir(&host).unwrap();
        let line = "some avg10=1.00 avg60=0.00 avg300=0.00 total=2500000\nfull total=1\n";
        fs::write(host.join("memory"), line).unwrap();
        let group = Cgroup::at(folder.path());
        let of = |measure| waited(measure, Some(&group), &host);
        let half = Duration::from_millis(2500);
        assert_eq!(of(Measure::MemoryPressure), Ok(Waited { total: half, of: Whose::Host }));
        fs::write(folder.path().join("memory.pressure"), "some avg10=0.00 total=7\n").unwrap();
        let seven = Duration::from_micros(7);
        assert_eq!(of(Measure::MemoryPressure), Ok(Waited { total: seven, of: Whose::Run }));
        fs::write(folder.path().join("memory.pressure"), "some total=-1\n").unwrap();
        assert_eq!(of(Measure::MemoryPressure), Ok(Waited { total: half, of: Whose::Host }));
        assert!(of(Measure::IoPressure).unwrap_err().contains("host/io: "));
    }
}
