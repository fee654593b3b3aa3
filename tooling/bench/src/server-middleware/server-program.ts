import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApp, type Variant } from './variants.ts';

/** What a server tells its parent when it is asked for its reading. */
export interface Reading {
  /** CPU microseconds of the process so far. */
  readonly cpu: number;
  /** 99th percentile of the event loop's delay since the last reading, milliseconds. */
  readonly loopDelayP99: number;
}

const [variant, redisUrl = ''] = process.argv.slice(2) as [Variant, string];
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
// A connection rests while the other servers have their turn.
server.keepAliveTimeout = 0;
