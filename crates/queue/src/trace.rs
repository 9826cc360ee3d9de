//! The way of a job through coordinator, broker and worker as one trace: who sends a message gives it its span, by the headers of W3C Trace
//! Context. Without the feature `otel` there is nothing to give, and spans cost nothing.

use tracing::Span;

/// The target of spans, so that logs, which have a filter of their own, do not show them unless they are asked to.
pub const SPANS: &str = "trace";

/// The span, as a message carries it; `None` where nobody traces.
pub(crate) fn of(span: &Span) -> Option<String> {
    otel::of(span)
}

/// Makes the span a part of the trace that a message belongs to.
pub(crate) fn follow(span: &Span, sender: Option<&str>) {
    if let Some(sender) = sender {
        otel::follow(span, sender);
    }
}

#[cfg(not(feature = "otel"))]
mod otel {
    use tracing::Span;

    pub(super) fn of(_: &Span) -> Option<String> {
        None
    }

    pub(super) fn follow(_: &Span, _: &str) {}
}

#[cfg(feature = "otel")]
mod otel {
    use std::collections::HashMap;

    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry::trace::TraceContextExt;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    /// The header's name, in that specification.
    const HEADER: &str = "traceparent";

    pub(super) fn of(span: &Span) -> Option<String> {
        let context = span.context();
        if !context.span().span_context().is_valid() {
            return None;
        }
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(&context, &mut headers);
        headers.remove(HEADER)
    }

    pub(super) fn follow(span: &Span, sender: &str) {
        let headers = HashMap::from([(HEADER.to_owned(), sender.to_owned())]);
        if let Err(error) = span.set_parent(TraceContextPropagator::new().extract(&headers)) {
            tracing::debug!(%error, "a span does not follow its sender");
        }
    }
}
