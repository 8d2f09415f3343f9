//! OpenTelemetry's instruments in the same registry.

use opentelemetry_sdk::metrics::{Instrument, MeterProviderBuilder, SdkMeterProvider, Stream};

use crate::{Error, Registry};

/// Returns a builder of a meter provider whose instruments are gathered by `registry`; a resource or views of the
/// program's own can be added to it.
///
/// Names are those that OpenTelemetry's rules give, without the registry's prefix: dashboards know them. Each
/// instrument holds as many series as the registry's limit says; what is beyond goes to the series with the label
/// `otel_metric_overflow="true"`, and as long as there is one, each scrape adds to the registry's
/// `metrics_overflow_total`. The scope that made an instrument is no label; programs of many scopes use the
/// exporter's own builder with [`Registry::prometheus`].
///
/// # Errors
///
/// [`Error::Meter`] when the registry has a meter provider already.
///
/// # Examples
///
/// ```
/// use opentelemetry::KeyValue;
/// use opentelemetry::metrics::MeterProvider as _;
/// use wardkit_metrics::{Exposition, Registry, otel};
///
/// let registry = Registry::new("bot")?;
/// let provider = otel::meter_provider(&registry)?.build();
/// let messages = provider.meter("bot").u64_counter("messages").build();
/// messages.add(2, &[KeyValue::new("kind", "text")]);
///
/// let mut page = String::new();
/// registry.write(Exposition::Text, &[], &mut page);
/// assert!(page.contains("messages_total{kind=\"text\"} 2\n"));
/// # Ok::<(), wardkit_metrics::Error>(())
/// ```
pub fn meter_provider(registry: &Registry) -> Result<MeterProviderBuilder, Error> {
    let reader = opentelemetry_prometheus::exporter()
        .with_registry(registry.prometheus().clone())
        .scope_info_enabled(false)
        .build()
        .map_err(|source| Error::Meter { source })?;
    let limit = registry.limits().max_series;
    let capped = move |_: &Instrument| Stream::builder().with_cardinality_limit(limit).build().ok();
    Ok(SdkMeterProvider::builder().with_reader(reader).with_view(capped))
}
