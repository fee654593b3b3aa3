const causeOf = (error: unknown): string => {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
};

/** Sets a switch of a server in sandbox mode. Throws an error that names the URL when the server does not take it. */
export const putSwitch = async (
  url: string,
  setting: Readonly<Record<string, unknown>>,
  what: string,
): Promise<void> => {
  const request = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(setting),
    signal: AbortSignal.timeout(5_000),
  };
  const response = await fetch(url, request).catch((error: unknown) => {
    throw new Error(`the server's ${what} cannot be reached at ${url}: ${causeOf(error)}`, { cause: error });
  });
  await response.arrayBuffer();
  if (!response.ok)
    throw new Error(`the server's ${what} could not be set: ${url} answered ${response.status}`);
};
