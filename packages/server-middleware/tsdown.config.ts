import { library } from '@cpg/build';

const ADAPTERS = ['fastify', 'hono', 'koa', 'lambda', 'nest', 'node'];

export default library({
  index: 'src/index.ts',
  core: 'src/core.ts',
  redis: 'src/redis.ts',
  prometheus: 'src/prometheus.ts',
  opentelemetry: 'src/opentelemetry.ts',
  cli: 'src/doctor/main.ts',
  postgres: 'src/postgres.ts',
  ...Object.fromEntries(ADAPTERS.map((name) => [name, `src/adapters/${name}.ts`])),
});
