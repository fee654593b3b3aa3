// The servers that `exercise` calls, and what it needs to know of them.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { makeWebhook, ScriptedGateway } from '@cpg/client/testing';

const listen = async (onConnection) => {
  const server = createServer(onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}` };
};

const row = { currency: 'USDT', network: 'ETH', balance: '3.0', held: '1.0', available: '2.0' };
const withdrawal = {
  withdrawal_id: 7,
  status: 'broadcasted',
  tx_hash: '0xabc',
  network: 'ETH',
  currency: 'USDT',
  to_address: '0x52908400098527886E0F',
  amount_decimal: '1',
  fee_decimal: '0.1',
};

export const startServers = async () => {
  const gateway = await ScriptedGateway.start();
  gateway.reply('balances.list', { data: [row] }, { data: [row] });
  gateway.reply('withdrawals.create', { data: withdrawal });
  const lost = await listen((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.destroy());
  });
  const silent = await listen((socket) => socket.on('error', () => undefined));
  const closed = await listen(() => undefined);
  closed.server.close();
  const { baseUrl, keyId, secret } = gateway.clientOptions;
  return {
    settings: {
      credentials: { baseUrl, keyId, secret },
      closedUrl: closed.url,
      lostUrl: lost.url,
      webhook: { secret, ...makeWebhook({ secret, event: 'deposit.confirmed' }) },
    },
    // Accepts connections but no TLS handshake.
    silentUrl: silent.url.replace('http:', 'https:'),
    stop: async () => {
      lost.server.close();
      silent.server.close();
      await gateway.stop();
    },
  };
};
