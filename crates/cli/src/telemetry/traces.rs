//! Traces for a collector of OpenTelemetry: only with the feature `otel`, and only where the usual variables of its environment name one.

#[cfg(feature = "otel")]
pub(crate) use with_otel::Traces;
#[cfg(not(feature = "otel"))]
pub(crate) use without::Traces;

#[cfg(not(feature = "otel"))]
mod without {
    use tracing_subscriber::layer::Identity;

    use crate::output::Usage;

    /// Nothing.
    pub(crate) struct Traces;

    impl Traces {
        pub(crate) fn start(_: &str) -> Result<(Self, Identity), Usage> {
            Ok((Self, Identity::new()))
        }
    }
}

#[cfg(feature = "otel")]
mod with_otel {
    use antiphon_queue::SPANS;
    use opentelemetry::KeyValue;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::SpanExporter;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::registry::LookupSpan;

    use crate::output::Usage;

    /// Where a collector is, by OpenTelemetry's specification of its environment; any of them will do.
    const ADDRESSES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    /// What was traced is sent when it is dropped, at the latest.
    pub(crate) struct Traces(Option<SdkTracerProvider>);

    impl Traces {
        /// Traces the service of that role, if a collector is named.
        pub(crate) fn start<S>(role: &str) -> Result<(Self, Option<impl Layer<S> + use<S>>), Usage>
        where
            S: tracing::Subscriber + for<'span> LookupSpan<'span>,
        {
            if ADDRESSES.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
                return Ok((Self(None), None));
            }
            let wrong = |error| Usage(format!("{}: {error}; traces go to a collector by HTTP", ADDRESSES[1]));
            let exporter = SpanExporter::builder().with_http().build().map_err(wrong)?;
            let mut resource = Resource::builder()
                .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
            if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
                resource = resource.with_service_name(format!("antiphon-{role}"));
            }
            let provider = SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource.build())
                .build();
            let layer = tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("antiphon"))
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_filter(filter_fn(|of| of.is_span() && of.target() == SPANS));
            Ok((Self(Some(provider)), Some(layer)))
        }
    }

    impl Drop for Traces {
        fn drop(&mut self) {
            if let Some(Err(error)) = self.0.take().map(|provider| provider.shutdown()) {
                tracing::warn!(error = &error as &dyn std::error::Error, "the last spans were not sent");
            }
        }
    }
}
