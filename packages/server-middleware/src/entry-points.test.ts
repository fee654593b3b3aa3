import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** Imports a module in a process of its own; returns the packages that this package imports for it. */
const findImportedPackages = async (entryPoint: string): Promise<string[]> => {
  const source = new URL('.', import.meta.url).href;
  const program = `
    import { registerHooks } from 'node:module';
    const names = new Set();
    registerHooks({
      resolve(specifier, context, nextResolve) {
        const isOurs = context.parentURL?.startsWith(${JSON.stringify(source)});
        if (isOurs && !/^(?:node:|file:|[.])/.test(specifier)) names.add(specifier);
        return nextResolve(specifier, context);
      },
    });
    await import(${JSON.stringify(new URL(entryPoint, source).href)});
    console.log(JSON.stringify([...names].sort()));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@cpg/source', '--input-type=module', '--eval', program],
    { cwd: fileURLToPath(source) },
  );
  return JSON.parse(stdout) as string[];
};

// No framework but Nest's own, and neither Express nor express-rate-limit.
const ADAPTER_PACKAGES = ['@cpg/protocol', '@cpg/protocol/explain', 'ipaddr.js'];

describe('entry points', () => {
  it.each<readonly [string, readonly string[]]>([
    ['./core.ts', ['@cpg/protocol', '@cpg/protocol/explain', 'ipaddr.js', 'lru-cache']],
    ['./prometheus.ts', ['@cpg/protocol', 'prom-client']],
    ['./opentelemetry.ts', ['@cpg/protocol', '@opentelemetry/api']],
    ['./redis.ts', ['@cpg/protocol', 'lru-cache']],
    ['./postgres.ts', ['@cpg/protocol']],
    ...['fastify', 'hono', 'koa', 'lambda', 'node'].map(
      (name) => [`./adapters/${name}.ts`, ADAPTER_PACKAGES] as const,
    ),
    ['./adapters/nest.ts', [...ADAPTER_PACKAGES.slice(0, 2), '@nestjs/common', '@nestjs/core', 'ipaddr.js']],
    [
      './index.ts',
      ['@cpg/protocol', '@cpg/protocol/explain', 'express-rate-limit', 'ipaddr.js', 'lru-cache'],
    ],
  ])('%s imports no package but %j', async (entryPoint, packages) => {
    expect(await findImportedPackages(entryPoint)).toEqual(packages);
  });

  it('the main entry point exports all of /core and /redis', async () => {
    const [main, core, redis] = await Promise.all([
      import('./index.ts'),
      import('./core.ts'),
      import('./redis.ts'),
    ]);
    expect(main).toMatchObject({ ...core, ...redis });
  });
});
