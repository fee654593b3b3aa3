export { describeWithProgram } from './describe-with-program.ts';
export { freePort } from './free-port.ts';
export { readLines } from './read-lines.ts';
export { createPostgresTemplate, type Postgres, startPostgres } from './start-postgres.ts';
export { type NginxOptions, type ReverseProxy, startHaproxy, startNginx } from './start-proxy.ts';
export { type Redis, startRedis } from './start-redis.ts';
export {
  type CurlResult,
  type CurlUpload,
  countUploads,
  type Upload,
  upload,
  uploadWithCurl,
} from './upload.ts';
