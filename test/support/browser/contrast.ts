/**
 * An expression for `page.evaluate`: the texts in view whose contrast with what lies behind them is below WCAG 2.2 AA
 * (1.4.3: 4.5, or 3 for large text). What is switched off is exempt; text over pictures is not judged.
 */
export const LOW_CONTRAST = `(() => {
  const parse = (text) => {
    const numbers = (text.match(/[\\d.]+(?:e-?\\d+)?/g) ?? []).map(Number);
    const scale = text.startsWith('color(srgb') ? 255 : 1;
    const [r = 0, g = 0, b = 0, a = 1] = numbers;
    return { r: r * scale, g: g * scale, b: b * scale, a };
  };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a),
    g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a),
    a: 1,
  });
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== 'none') return null;
      const colour = parse(style.backgroundColor);
      if (colour.a > 0) layers.push(colour);
      if (colour.a === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 });
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    if (text === '' || !element || element.closest('script, style, svg, [data-camera] a, [disabled], [data-disabled], [aria-disabled=true]')) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const background = behind(element);
    if (!background) continue;
    const style = getComputedStyle(element);
    const colour = over(parse(style.color), background);
    const [light, dark] = [luminance(colour), luminance(background)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.add(text.slice(0, 40) + ': ' + ratio.toFixed(2));
  }
  return [...found];
})()`;
