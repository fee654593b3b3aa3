/** Sets a switch of a server in sandbox mode. Throws when the server does not take it. */
export const putSwitch = async (
  url: string,
  setting: Readonly<Record<string, unknown>>,
  what: string,
): Promise<void> => {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(setting),
    signal: AbortSignal.timeout(5_000),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the server's ${what} could not be set: it answered ${response.status}`);
};
