export type { Admission, AdmissionRequest, AdmissionStore } from './admission/admission-store.ts';
export {
  type InspectRedisOptions,
  inspectRedis,
  type RedisFinding,
} from './admission/redis/inspect-redis.ts';
export type { IoredisClient, NodeRedisClient, RedisClient } from './admission/redis/redis-client.ts';
export { type RedisStore, type RedisStoreOptions, redisStore } from './admission/redis/redis-store.ts';
