import { defineConfig } from 'vite';

const api = 'http://127.0.0.1:4000';

// `npx vite storefront` serves it from source against a running Cartwright; `npm run build` puts into dist/ what the door hands out.
export default defineConfig({
  base: '/shop/',
  // light-dark() in the styles asks for browsers of 2024; older ones would get its imitation.
  build: {
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': api, '/shop/config.json': api } },
});
