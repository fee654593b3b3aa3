import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../test/logger.ts';
import { FaultLog } from './fault-log.ts';
import { ServerMiddlewareError } from './server-middleware-error.ts';

describe('FaultLog', () => {
  it('logs a wrong set-up once, with code and help', () => {
    const logger = recordingLogger();
    const faults = new FaultLog(logger);
    const error = new ServerMiddlewareError('mounted_twice', 'Mount it once.');
    faults.log(error);
    faults.log(error);
    expect(logger.lines).toEqual([
      {
        level: 'error',
        fields: { err: error, code: 'mounted_twice', help: '@cpg/server-middleware/README.md#mounted_twice' },
        message: 'Mount it once.',
      },
    ]);
  });

  it('logs a store that is down once a second', () => {
    const logger = recordingLogger();
    const time = { ms: 0 };
    const faults = new FaultLog(logger, () => time.ms);
    for (time.ms = 0; time.ms < 2_500; time.ms += 100) {
      faults.log(new ServerMiddlewareError('store_unavailable', 'Down.'));
    }
    expect(logger.lines).toHaveLength(3);
  });

  it('logs everything else every time', () => {
    const logger = recordingLogger();
    const faults = new FaultLog(logger);
    faults.log(new Error('first'));
    faults.log(new Error('first'));
    faults.log('thrown text');
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'first',
      'first',
      'A handler threw no Error.',
    ]);
  });

  it('writes process warnings when it is given no logger', async () => {
    const warned = once(process, 'warning');
    new FaultLog().log(new ServerMiddlewareError('mounted_twice', 'Mount it once.'));
    expect((await warned)[0]).toMatchObject({ name: 'CpgServerMiddleware', code: 'mounted_twice' });
    const warnedAgain = once(process, 'warning');
    new FaultLog().log(new Error('a handler failed'));
    expect((await warnedAgain)[0]).toMatchObject({
      name: 'CpgServerMiddleware',
      message: 'a handler failed',
    });
  });
});
