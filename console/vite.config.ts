import { defineConfig } from 'vite';

const api = 'http://127.0.0.1:4000';

// `npx vite console` serves it from source against a running Cartwright; `npm run build` puts into dist/ what the door hands out.
export default defineConfig({
  base: '/console/',
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: { '/v1': api, '/openapi.json': api } },
});
