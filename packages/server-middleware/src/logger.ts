/** What this package needs of a logger; a pino logger fits as it is. */
export interface Logger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const emit = ({ code }: Readonly<Record<string, unknown>>, message: string): void => {
  process.emitWarning(message, {
    type: 'CpgServerMiddleware',
    code: typeof code === 'string' ? code : undefined,
  });
};

/** The logger used when none is given: Node's process warnings, which go to stderr. */
export const processWarnings: Logger = Object.freeze({ warn: emit, error: emit });
