//! A dashboard for Grafana.

use serde_json::{Value, json};

use super::tables::{PANELS, Panel};

/// Makes the dashboard: a row for each question, two panels beside each other.
pub(super) fn dashboard() -> Value {
    json!({
        "title": "wardkit: host and bot",
        "uid": "wardkit-host",
        "tags": ["wardkit"],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "refresh": "30s",
        "time": { "from": "now-6h", "to": "now" },
        "templating": { "list": [datasource(), instance()] },
        "panels": panels(),
    })
}

fn datasource() -> Value {
    json!({ "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus" })
}

fn instance() -> Value {
    json!({
        "name": "instance",
        "label": "Host",
        "type": "query",
        "datasource": source(),
        "query": "label_values(agentd_build_info, instance)",
        "refresh": 2,
        "multi": false,
        "includeAll": false,
    })
}

fn panels() -> Vec<Value> {
    let mut all = Vec::new();
    let mut height = 0;
    for row in PANELS.chunk_by(|one, next| one.row == next.row) {
        let id = all.len() + 1;
        let place = json!({ "x": 0, "y": height, "w": WIDTH, "h": 1 });
        all.push(
            json!({ "id": id, "type": "row", "title": row[0].row, "gridPos": place, "panels": [] }),
        );
        height += 1;
        for pair in row.chunks(2) {
            for (column, panel) in pair.iter().enumerate() {
                let place = json!({
                    "x": column * WIDTH / 2, "y": height, "w": WIDTH / 2, "h": PANEL_HEIGHT,
                });
                all.push(chart(all.len() + 1, panel, &place));
            }
            height += PANEL_HEIGHT;
        }
    }
    all
}

fn chart(id: usize, panel: &Panel, place: &Value) -> Value {
    let target = json!({
        "refId": "A",
        "datasource": source(),
        "expr": panel.query,
        "legendFormat": panel.legend,
    });
    json!({
        "id": id,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source(),
        "gridPos": place,
        "fieldConfig": { "defaults": { "unit": panel.unit, "min": 0 }, "overrides": [] },
        "options": { "legend": { "displayMode": "list", "placement": "bottom" } },
        "targets": [target],
    })
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// Grafana's grid.
const WIDTH: usize = 24;
const PANEL_HEIGHT: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn panels_have_numbers_of_their_own_and_do_not_overlap() {
        let all = panels();
        let field = |panel: &Value, name: &str| panel["gridPos"][name].as_u64().unwrap();
        let ids: BTreeSet<_> = all.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), all.len());
        let cells: Vec<_> = all
            .iter()
            .flat_map(|panel| {
                let (x, y) = (field(panel, "x"), field(panel, "y"));
                let (w, h) = (field(panel, "w"), field(panel, "h"));
                (x..x + w).flat_map(move |x| (y..y + h).map(move |y| (x, y)))
            })
            .collect();
        assert_eq!(cells.iter().collect::<BTreeSet<_>>().len(), cells.len());
        assert!(cells.iter().all(|(x, _)| *x < WIDTH as u64));
    }

    #[test]
    fn every_panel_asks_the_chosen_source_for_the_chosen_host() {
        for panel in PANELS {
            assert!(panel.query.contains(r#"instance=~"$instance""#), "{}", panel.title);
        }
        let charts = panels();
        let charts = charts.iter().filter(|panel| panel["type"] == "timeseries");
        assert_eq!(
            charts.filter(|panel| panel["targets"][0]["datasource"] == source()).count(),
            PANELS.len()
        );
    }
}
