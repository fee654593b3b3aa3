export type { Admission, AdmissionRequest, AdmissionStore } from './admission/admission-store.ts';
export type { PostgresClient, PostgresPool } from './admission/postgres/postgres-client.ts';
export {
  createPostgresSchema,
  formatPostgresSchema,
  type PostgresSchemaOptions,
} from './admission/postgres/postgres-schema.ts';
export { type PostgresStoreOptions, postgresStore } from './admission/postgres/postgres-store.ts';
