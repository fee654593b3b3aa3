import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const SANDBOX = process.env.CPG_SANDBOX_URL ?? 'http://127.0.0.1:9787';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // The content security policy allows files of the gateway only: no data URLs, no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  logLevel: 'warn',
  // `npm run dev` beside a sandbox. Without these headers the request does not come from a page, and needs no token.
  server: {
    proxy: {
      '/_sandbox': {
        target: SANDBOX,
        changeOrigin: true,
        configure: (proxy) => {
          proxy.on('proxyReq', (request) => {
            for (const name of ['origin', 'referer', 'sec-fetch-site']) request.removeHeader(name);
          });
        },
      },
    },
  },
});
