import { subscribe } from 'node:diagnostics_channel';
import { cachedKeys, RESPONSE_CHANNEL, type ResponseEvent } from '@cpg/server-middleware';
import { CpgInstrumentation } from '@cpg/server-middleware/opentelemetry';
import { metrics } from '@cpg/server-middleware/prometheus';
import { register } from 'prom-client';

const keys = cachedKeys({ find: () => undefined });
export const stop: () => void = metrics(register, { keys });
export const instrumentation: CpgInstrumentation = new CpgInstrumentation({ keys });
export const hits: number = keys.getStats().hits;
subscribe(RESPONSE_CHANNEL, (message) => {
  const { outcome, status, requestId } = message as ResponseEvent;
  process.stdout.write(`${outcome} ${status} ${requestId}\n`);
});
