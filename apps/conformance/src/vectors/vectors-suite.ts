import { type Adapter, type AdapterCommand, knownCapabilities, startAdapter } from '../adapter/adapter.ts';
import { outputCases } from '../adapter/output-cases.ts';
import type { RunSettings } from '../core/run-settings.ts';
import type { ConformanceCase, Session, Suite } from '../core/suite.ts';
import { protocolSubject } from './protocol-subject.ts';
import { publishedVerifyCases, webhookCases } from './published-cases.ts';
import { signCases } from './sign-cases.ts';
import { SIGN_REJECT_CASES } from './sign-reject-cases.ts';
import type { VectorContext } from './vector-context.ts';
import { readSigningVectors, readVerificationVectors, readWebhookVectors } from './vector-files.ts';
import { verifyCases } from './verify-cases.ts';

/** The context of a case of layer 1 on an adapter. */
interface AdapterContext extends VectorContext {
  readonly adapter: Adapter;
}

const memoryCases = (): readonly ConformanceCase<VectorContext>[] => {
  const vectors = readSigningVectors();
  return [
    ...signCases(vectors),
    ...SIGN_REJECT_CASES,
    ...verifyCases(vectors),
    ...publishedVerifyCases(readVerificationVectors()),
    ...webhookCases(readWebhookVectors()),
  ];
};

/** The cases of layer 1, in the order they run. */
export const vectorCases = (): readonly ConformanceCase<AdapterContext>[] => [
  ...memoryCases(),
  // A signer's response on standard output is a signature.
  ...outputCases<AdapterContext>({ layer: 'vectors', unsigned: ['stderr'], needs: [] }, (context) => context),
];

const PROTOCOL_CAPABILITIES: ReadonlySet<string> = new Set(['sign', 'verify', 'webhook', 'errors']);

/** Layer 1 on `@cpg/protocol` itself, in this process. */
export const protocolSuite = ({ random, masker }: RunSettings): Suite<VectorContext> => ({
  layer: 'vectors',
  label: '@cpg/protocol',
  cases: memoryCases(),
  capabilities: PROTOCOL_CAPABILITIES,
  open: async (): Promise<Session<VectorContext>> => ({
    implementation: { name: '@cpg/protocol', language: 'TypeScript', notes: ['in this process'] },
    capabilities: PROTOCOL_CAPABILITIES,
    context: (check) => ({ check, subject: protocolSubject, random, masker }),
    close: async () => undefined,
  }),
});

/** Layer 1 on a signer and verifier, started by a command. */
export const adapterVectorSuite = (
  command: AdapterCommand,
  { random, masker }: RunSettings,
): Suite<AdapterContext> => ({
  layer: 'vectors',
  label: command.commandLine,
  cases: vectorCases(),
  ...knownCapabilities(command),
  open: async () => {
    const adapter = await startAdapter(command);
    const { implementation, capabilities, subject } = adapter;
    return {
      implementation,
      capabilities,
      prepare: async () => adapter.prepare?.(),
      context: (check, id) => {
        adapter.begin(id);
        adapter.listen?.((exchange) => check.trace(exchange));
        return { check, subject, random, masker, adapter };
      },
      close: async () => {
        await adapter.stop();
      },
    };
  },
});
