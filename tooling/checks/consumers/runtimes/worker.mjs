// A worker whose client is created while the module loads, and used by several requests.
import { CpgClient } from '@cpg/client';
import { exercise } from './exercise.mjs';

// Defined by the bundler.
const settings = SETTINGS;
settings.webhook.body = new Uint8Array(settings.webhook.body);
const shared = new CpgClient(settings.credentials);

export default {
  async fetch() {
    try {
      await shared.balances.list({ network: 'shared' });
      const client = new CpgClient(settings.credentials);
      return Response.json(await exercise(client, settings));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
