import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { assertReplaced, type Replacement } from './replacements.ts';
import { createApp, type Variant } from './variants.ts';

/** What a server reports when its parent asks. */
export interface Reading {
  /** CPU microseconds of the process so far. */
  readonly cpu: number;
  /** 99th percentile of the event loop's delay since the last reading, milliseconds. */
  readonly loopDelayP99: number;
}

const [variant, redisUrl = ''] = process.argv.slice(2) as [Variant, string];
const replacement = process.env.CPG_BENCH_REPLACEMENT as Replacement | undefined;
if (replacement !== undefined) assertReplaced(replacement);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const reading: Reading = { cpu: user + system, loopDelayP99: delay.percentile(99) / 1e6 };
  delay.reset();
  process.send?.(reading);
});
process.on('disconnect', () => process.exit());

const server = (await createApp(variant, redisUrl)).listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
// Connections are idle during the rounds of the other servers.
server.keepAliveTimeout = 0;
// And before their first request, while the other servers warm up.
server.headersTimeout = 0;
server.requestTimeout = 0;
