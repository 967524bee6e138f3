import { createTheme, type MantineColorsTuple } from '@mantine/core';

const lagoon: MantineColorsTuple = [
  '#e6f9f8',
  '#d3efee',
  '#a9dfdd',
  '#7bcecb',
  '#56bfbc',
  '#3fb6b2',
  '#2fb1ad',
  '#1f9b98',
  '#0b7f7c',
  '#066a68',
];

/** Greys with a little blue, so that pictures stand out and the page stays calm. */
const dark: MantineColorsTuple = [
  '#d5dbe1',
  '#b0b9c3',
  '#8c97a3',
  '#66717d',
  '#3b444e',
  '#2b333c',
  '#1f262d',
  '#171d23',
  '#11161b',
  '#0b0f13',
];

export const theme = createTheme({
  primaryColor: 'lagoon',
  primaryShade: { light: 8, dark: 8 },
  colors: { lagoon, dark },
  defaultRadius: 'md',
  autoContrast: true,
  cursorType: 'pointer',
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: { fontWeight: '600' },
});
