// Uses the installed package through require(). Exits with 0 when all is well.
const assert = require('node:assert/strict');
const { CpgClient, CpgError } = require('@cpg/client');
const { ScriptedGateway } = require('@cpg/client/testing');

const main = async () => {
  const gateway = await ScriptedGateway.start();
  const cpg = new CpgClient(gateway.clientOptions);
  gateway.reply('ping', { data: { pong: true } });
  assert.equal((await cpg.ping()).data.pong, true);

  // An error of the other copy, the ES module's, is known as one.
  const copy = await import('@cpg/client');
  assert.notEqual(copy.CpgError, CpgError);
  assert.equal(CpgError.is(new copy.CpgError('aborted', 'x')), true);

  const { redisInbox } = require('@cpg/client/inbox-redis');
  const { postgresInbox } = require('@cpg/client/inbox-postgres');
  assert.throws(() => redisInbox({}), CpgError);
  assert.throws(() => postgresInbox({}), CpgError);

  cpg.close();
  await gateway.stop();
  process.stdout.write(`ok: CommonJS on Node.js ${process.versions.node}\n`);
};

main();
