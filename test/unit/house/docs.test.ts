import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const folders = (under: string): string[] =>
  readdirSync(path.join(ROOT, under), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${under}/${entry.name}`);

/** The lead picture is made from the finished console. */
const MADE_LATER = new Set(['docs/images/wall.png']);

const documents = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

describe('links of the documents', () => {
  it.each(documents)('%s leads to files that exist', (document) => {
    const targets = [...read(document).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^(https?:|mailto:|\/)/.test(target))
      .map((target) => path.normalize(path.join(path.dirname(document), target)));
    expect(
      targets.filter((target) => !MADE_LATER.has(target) && !existsSync(path.join(ROOT, target))),
    ).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');
  const named = [
    ...text.matchAll(/\b(?:src(?:\/[a-z0-9-]+(?!\.ts|[a-z0-9-]*\.))+|src\/mixins\/backoff\.ts)/g),
  ].map(([name]) => name);

  it('names folders that exist', () => {
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });

  it('names every folder of src and of src/actors', () => {
    const missing = [...folders('src'), ...folders('src/actors')].filter((folder) => !text.includes(folder));
    expect(missing).toEqual([]);
  });

  it('names every folder of src/media', () => {
    const missing = folders('src/media').filter((folder) => !text.includes(`\`${path.basename(folder)}\``));
    expect(missing).toEqual([]);
  });
});

describe('docs/decisions', () => {
  it('are all in the list, with their titles', () => {
    const list = read('docs/decisions/README.md');
    for (const document of documents.filter((file) => /decisions\/\d/.test(file))) {
      const [, number, title] = /^# (\d+)\. (.+)$/m.exec(read(document)) ?? [];
      expect(list).toContain(`${number}. [${title}](${path.basename(document)})`);
    }
  });
});

describe('commands in the documents', () => {
  it('are scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const used = documents.flatMap((document) =>
      [...read(document).matchAll(/\bnpm (?:run )?(start|test|check|format)\b/g)].map(
        ([, name = '']) => name,
      ),
    );
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
