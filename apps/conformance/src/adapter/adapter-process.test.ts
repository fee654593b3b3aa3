import { afterEach, describe, expect, it } from 'vitest';
import { startAdapter } from './adapter.ts';
import { AdapterProcess } from './adapter-process.ts';

const node = (program: string): string => `'${process.execPath}' -e '${program.replaceAll("'", "'\\''")}'`;

/** An adapter that handles each command with the given JavaScript. */
const responding = (expression: string): string =>
  node(`require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const c = JSON.parse(line);
    const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
    ${expression};
    if (c.cmd === "stop") process.exit(0);
  })`);

const HELLO = 'say({ id: c.id, name: "x", roles: ["sign"] })';

const started: AdapterProcess[] = [];
const start = (commandLine: string): AdapterProcess => {
  const adapter = new AdapterProcess(commandLine);
  started.push(adapter);
  return adapter;
};

afterEach(async () => {
  await Promise.all(started.splice(0).map((adapter) => adapter.stop()));
});

describe('AdapterProcess', () => {
  it('matches responses with commands, in any order', async () => {
    const adapter = start(
      responding(
        'if (c.cmd === "stop") say({ id: c.id }); else setTimeout(() => say({ id: c.id, n: c.n }), 30 - c.n * 10)',
      ),
    );
    const responses = await Promise.all([1, 2].map((n) => adapter.ask('sign', { n })));
    expect(responses.map(({ n }) => n)).toEqual([1, 2]);
    expect(await adapter.stop()).toEqual({ exitCode: 0, isInTime: true, failure: undefined });
  });

  it.each<[name: string, commandLine: string, message: RegExp]>([
    ['cannot be found', 'no-such-program-anywhere', /ended \(exit code 127\)/],
    ['exits with 0 before it responds', node('process.exit(0)'), /ended \(exit code 0\)/],
    [
      'crashes with a message',
      node('console.error("out of paper"); process.exit(7)'),
      /exit code 7.*out of paper/,
    ],
    [
      'writes a line that is not JSON',
      responding('console.log("hello")'),
      /not JSON \(logs belong on standard error\): hello$/,
    ],
    ['writes a list', responding('say([])'), /without an id: \[\]/],
    ['leaves the id out', responding('say({})'), /without an id: \{\}/],
    [
      'responds with a number as id',
      responding('say({ id: 1 })'),
      /not the string which was sent, but a number/,
    ],
    [
      'writes more than the maximum',
      responding('console.error("x".repeat(17 * 1024 * 1024)); setTimeout(() => say({ id: c.id }), 60_000)'),
      /too much to search/,
    ],
    ['makes an id up', responding('say({ id: "made-up" })'), /never sent/],
    ['says that it failed', responding('say({ id: c.id, error: "no key" })'), /adapter failed: no key/],
  ])('rejects the command when the adapter %s', async (_name, commandLine, message) => {
    await expect(start(commandLine).ask('sign')).rejects.toThrow(message);
  });

  it('rejects every later command after a double response', async () => {
    const adapter = start(responding('say({ id: c.id }); say({ id: c.id })'));
    await adapter.ask('sign');
    await expect(adapter.ask('sign')).rejects.toThrow(/twice/);
  });

  it('stops waiting after the timeout', async () => {
    await expect(start(node('setInterval(() => {}, 1000)')).ask('sign', {}, 50)).rejects.toThrow(
      /within 50 ms/,
    );
  });

  it('keeps what was written to standard error', async () => {
    const adapter = start(responding('console.error("note"); say({ id: c.id })'));
    await adapter.ask('sign');
    await expect.poll(() => adapter.output.stderr).toContain('note');
  });
});

describe('the end of an adapter', () => {
  it('keeps its last output', async () => {
    const adapter = start(
      responding('say({ id: c.id }); process.on("exit", () => console.error("last words"))'),
    );
    await adapter.ask('sign');
    await adapter.stop();
    expect(adapter.output.stderr).toContain('last words');
  });

  it('is distinguished from an earlier failure', async () => {
    const adapter = start(node('process.exit(0)'));
    await adapter.ask('sign').catch(() => undefined);
    expect((await adapter.stop()).failure).toContain('the adapter ended (exit code 0)');
  });

  it('is forced after 5 seconds', async () => {
    const adapter = start(node('setInterval(() => {}, 1000)'));
    const exit = { exitCode: null, isInTime: false, failure: undefined };
    expect(await adapter.stop()).toEqual(exit);
    expect(await adapter.stop()).toEqual(exit);
  }, 20_000);
});

describe('startAdapter', () => {
  it.each<[name: string, hello: string, problem: RegExp]>([
    ['no name', 'say({ id: c.id, roles: ["sign"] })', /name: /],
    ['no role', 'say({ id: c.id, name: "x", roles: [] })', /roles: must name at least one role/],
    ['an unknown role', 'say({ id: c.id, name: "x", roles: ["fly"] })', /roles\.0: /],
    ['an unknown ability', 'say({ id: c.id, name: "x", roles: ["sign"], caps: ["clocks"] })', /caps\.0: /],
  ])('rejects an adapter with %s', async (_name, hello, problem) => {
    const command = { commandLine: responding(hello), isOneShot: false };
    await expect(startAdapter(command)).rejects.toThrow(/does not follow the protocol/);
    await expect(startAdapter(command)).rejects.toThrow(problem);
  });

  it('names the invalid field of a response', async () => {
    const headers = '[["X-CPG-Key", "k"], ["X-CPG-Timestamp", 1747444800]]';
    const commandLine = responding(
      `say(c.cmd === "hello" ? { id: c.id, name: "x", roles: ["sign"] } : { id: c.id, headers: ${headers} })`,
    );
    const adapter = await startAdapter({ commandLine, isOneShot: false });
    const body = Buffer.alloc(0);
    const command = { now: 1, method: 'GET', target: '/', body, keyId: 'k', secret: Buffer.from('s') };
    await expect(adapter.subject.sign(command)).rejects.toThrow(/headers\.1\.1: .*string.*number/);
    await adapter.stop();
  });

  it('has the roles of the adapter', async () => {
    const adapter = await startAdapter({ commandLine: responding(HELLO), isOneShot: false });
    expect([...adapter.capabilities]).toEqual(['sign', 'memory', 'errors']);
    await adapter.stop();
  });
});
