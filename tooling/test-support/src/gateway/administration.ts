import type { keysProgram } from '@cpg/gateway/administration/keys-program.ts';
import type { TestGateway } from './test-gateway.ts';

/** Creates an administration program, such as `keysProgram`. */
export type CreateProgram = typeof keysProgram;

export interface AdministrationInput {
  readonly parameters: readonly string[];
  /** Called with each secret before its change is committed. */
  readonly printSecret?: (text: string) => Promise<void>;
}

/**
 * Runs an administration program on the database of a gateway, in this process; returns what it printed. Only
 * public hosts are allowed in webhook URLs, as outside the sandbox.
 */
export const runAdministration = async (
  gateway: TestGateway,
  createProgram: CreateProgram,
  input: readonly string[] | AdministrationInput,
): Promise<string> => {
  const { parameters, printSecret } = 'parameters' in input ? input : { parameters: input };
  let output = '';
  const program = createProgram({
    open: async () => ({ ...gateway, rules: { allowedHosts: [], sandbox: false } }),
    print: (text) => {
      output += text;
    },
    printSecret: async (text) => {
      await printSecret?.(text);
      output += text;
    },
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  await program.parseAsync(parameters, { from: 'user' });
  return output;
};
