import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** In development the API comes from a node on its usual port. */
const api = { target: 'http://127.0.0.1:8080', ws: true };

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 900 },
  server: { port: 5173, proxy: { '/api': api } },
});
