import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react({ exclude: [/\/src\/signin\//, /node_modules/] })],
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Everything is a file of its own under a hashed name: the content security policy has no 'unsafe-inline', and
    // data: only for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: 'index.html', signin: 'signin.html' },
      // Schemas are built by calls that a bundler must take for side effects. The pages use the plain tables of the
      // contracts package (actions, roles) and none of its schemas.
      treeshake: { moduleSideEffects: (id) => !id.includes('/packages/contracts/') },
    },
  },
  server: {
    port: 4001,
    proxy: { '/api': 'http://localhost:4000', '/openapi.json': 'http://localhost:4000' },
  },
});
