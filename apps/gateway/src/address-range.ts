import { z } from 'zod';

/** An IP address or a CIDR range. */
export const addressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: ({ input }) =>
    `expected an IP address or a CIDR range such as 10.0.0.0/8: got ${JSON.stringify(input)}`,
});
