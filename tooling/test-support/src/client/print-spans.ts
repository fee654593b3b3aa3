import { trace } from '@opentelemetry/api';
import { type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** The OpenTelemetry SDK of a service, for `--import`: prints each span that ends as a line of JSON. */

const exporter = {
  export: (spans: readonly ReadableSpan[], done: (result: { readonly code: 0 }) => void): void => {
    for (const { name, kind, status, attributes } of spans) {
      process.stdout.write(`${JSON.stringify({ name, kind, status, attributes })}\n`);
    }
    done({ code: 0 });
  },
  forceFlush: async (): Promise<void> => undefined,
  shutdown: async (): Promise<void> => undefined,
};

const spanProcessors = [new SimpleSpanProcessor({ exporter })];
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
