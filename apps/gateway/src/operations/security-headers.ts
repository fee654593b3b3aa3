import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** What browsers may do with the gateway's pages: load from the gateway itself, and nothing else. */
export const securityHeaders = (): RequestHandler =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // Swagger UI writes style attributes and has its icons inline.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // TLS ends in front of the gateway; whoever ends it answers for this.
    strictTransportSecurity: false,
  });
