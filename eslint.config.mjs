import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const layers = ['media', 'inference', 'store', 'archive', 'mesh', 'jobs'];

/** Nobody below may import what stands above it: contracts <- media, inference, store, archive, mesh, jobs <- mixins <- actors. */
const mayNotImport = (folder, ...above) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: above.map((name) => `**/${name}/**`),
            message: `src/${folder} must not import this layer (docs/architecture.md).`,
          },
          ...(folder === 'contracts'
            ? []
            : [{ group: ['moleculer', 'moleculer-*'], message: `src/${folder} knows no Moleculer.` }]),
        ],
      },
    ],
  },
});

/** What puts a node together; it alone knows all the actors. */
const ASSEMBLY = 'node';

/** An actor knows the others by their contracts only, be it for a type. */
const ownFolder = (name) => ({
  files: [`src/actors/${name}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `(^\\.\\./|/actors/)(?!${name}/)[a-z]`,
            message: 'Actors never import each other: use a typed client of the contracts, or an event.',
          },
        ],
      },
    ],
  },
});

const actors = readdirSync(new URL('src/actors', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== ASSEMBLY)
  .map((entry) => ownFolder(entry.name));

export default tseslint.config(
  { ignores: ['node_modules/', 'web/dist/', '**/*.d.ts', 'data/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['web/**/*.tsx', 'web/**/*.ts'],
    plugins: { 'react-hooks': reactHooks },
    rules: reactHooks.configs.recommended.rules,
  },
  {
    files: ['web/src/**/*.tsx', 'web/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '(\\.\\./)+(src/(media|inference|store|archive|mesh|jobs|mixins|actors|cli)|config|scripts)/',
              message: 'The console knows the contracts only.',
            },
            {
              regex: '(\\.\\./)+src/contracts/',
              allowTypeImports: true,
              message: 'The console takes types from the contracts; their code would come into the browser.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config/ reads the environment.' },
      ],
    },
  },
  ...actors,
  ...layers.map((folder) => mayNotImport(folder, 'actors', 'mixins')),
  mayNotImport('contracts', ...layers, 'mixins', 'actors'),
  {
    files: ['src/mixins/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/actors/**'], message: 'Mixins know no actor.' }] },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/store/sqlite/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[source.value='node:sqlite']",
          message: 'SQLite lives in src/store/sqlite only.',
        },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
