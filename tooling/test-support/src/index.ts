export { describeWithProgram } from './describe-with-program.ts';
export { type Postgres, startPostgres } from './start-postgres.ts';
