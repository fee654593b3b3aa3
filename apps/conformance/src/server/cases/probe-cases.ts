import {
  ACCEPTED_PROBES,
  COARSE_WINDOW_PROBES,
  ENCODING_PROBES,
  EXACT_WINDOW_PROBES,
  HEADER_PROBES,
  KEY_PROBES,
  ORDER_PROBES,
  type Probe,
  RECIPE_PROBES,
  SIGNATURE_PROBES,
  TAMPER_PROBES,
  TARGET_PROBES,
  TIMESTAMP_PROBES,
  UNPARSABLE_TARGET_PROBES,
} from '../../core/probes/index.ts';
import { expectClientError, expectResponse } from '../server-response.ts';
import type { ServerCase, ServerUnderTest } from '../server-under-test.ts';
import { withFrozenClock } from '../test-hooks.ts';
import type { Role } from '../test-keys.ts';

const overWire = (probe: Probe, run: ServerCase['run'], needs: readonly string[] = []): ServerCase => ({
  id: `server-${probe.id}`,
  group: probe.group,
  description: probe.description,
  spec: probe.spec,
  needs,
  run,
});

const tryProbe = async (
  server: ServerUnderTest,
  probe: Probe,
  { role = 'full', now = server.now() }: { readonly role?: Role; readonly now?: number } = {},
): Promise<void> => {
  const basis = server.basis(role, now);
  const response = await server.ask(probe.craft(basis), basis);
  expectResponse(server.check, response, probe.expected);
};

/** What is accepted counts towards the limit of its key, so another key than `full` sends it. */
const plain = (probe: Probe): ServerCase => {
  const role = probe.expected === 'accepted' || probe.expected === 'authenticated' ? 'readonly' : 'full';
  return overWire(probe, (server) => tryProbe(server, probe, { role }));
};

const unparsable = (probe: Probe): ServerCase =>
  overWire(probe, async (server) => {
    const basis = server.basis();
    expectClientError(server.check, await server.ask(probe.craft(basis), basis));
  });

const frozen = (probe: Probe): ServerCase =>
  overWire(probe, (server) => withFrozenClock(server, (_clock, now) => tryProbe(server, probe, { now })), [
    'clock',
  ]);

/** Every probe, as one request over the wire. */
export const PROBE_CASES: readonly ServerCase[] = [
  ...[ACCEPTED_PROBES, HEADER_PROBES, TARGET_PROBES].flat().map(plain),
  ...UNPARSABLE_TARGET_PROBES.map(unparsable),
  ...[TIMESTAMP_PROBES, COARSE_WINDOW_PROBES].flat().map(plain),
  ...EXACT_WINDOW_PROBES.map(frozen),
  ...[ENCODING_PROBES, SIGNATURE_PROBES, TAMPER_PROBES, RECIPE_PROBES, KEY_PROBES, ORDER_PROBES]
    .flat()
    .map(plain),
];
