export { describeWithProgram } from './describe-with-program.ts';
export { type Postgres, startPostgres } from './start-postgres.ts';
export { type Redis, startRedis } from './start-redis.ts';
