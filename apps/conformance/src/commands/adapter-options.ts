import type { AdapterCommand } from '../adapter/start-adapter.ts';

export interface AdapterOptions {
  readonly oneShot?: boolean;
}

export const ADAPTER = 'command line that starts the adapter, e.g. "python3 adapter.py"';

export const ONE_SHOT = 'start the command once for each request, and speak to it through CPG_* variables';

export const adapterCommand = (commandLine: string, { oneShot = false }: AdapterOptions): AdapterCommand => ({
  commandLine,
  isOneShot: oneShot,
});
