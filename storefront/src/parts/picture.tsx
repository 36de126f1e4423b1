/** A product's picture, drawn: no photos to load, and it follows light and dark. What is not known by its SKU gets its initials. */
import type { JSX } from 'preact';

const palettes = 6;
/** Where its name says a color. */
const tints: Readonly<Record<string, number>> = {
  'MUG-BLUE': 2,
  'MUG-SAND': 3,
  'TEA-SENCHA': 1,
  'TEA-ROOIBOS': 0,
  'TEA-ASSAM': 3,
  'COFFEE-HOUSE': 0,
  'TEAPOT-CAST': 5,
  'KETTLE-STEEL': 2,
  'GLASS-ICED': 3,
  'FILTER-100': 1,
  'HONEY-HEATHER': 3,
  'BISCUIT-OAT': 3,
  'CHOC-MILK': 0,
  'APRON-BLACK': 5,
  'TRAY-OAK': 3,
  'TIN-LARGE': 1,
};

/** `sku` says what is drawn, `name` what is written where nothing is. The name stands beside every picture, so that readers aloud skip this. */
export function Picture({ sku, name }: { sku: string; name: string }) {
  const kind = sku.split('-')[0] ?? '';
  const draw = Object.hasOwn(drawings, kind) ? drawings[kind] : undefined;
  return (
    <svg
      class={`picture palette-${(Object.hasOwn(tints, sku) ? tints[sku] : undefined) ?? number_of(sku) % palettes}`}
      viewBox="0 0 120 120"
      aria-hidden="true"
      focusable="false"
    >
      <rect class="p-ground" width="120" height="120" />
      <circle class="p-sun" cx={40 + (number_of(name) % 40)} cy="52" r="38" />
      <ellipse class="p-shade" cx="60" cy="99" rx="34" ry="4" />
      {draw === undefined ? <Initials name={name} /> : draw()}
    </svg>
  );
}

function Initials({ name }: { name: string }) {
  const letters = [...name.matchAll(/\p{L}|\p{N}/gu)].slice(0, 1).join('').toUpperCase() || '?';
  return (
    <>
      <rect class="p-main" x="32" y="34" width="56" height="62" rx="6" />
      <text class="p-letters" x="60" y="76" text-anchor="middle">
        {letters}
      </text>
    </>
  );
}

/** The same for the same text, whoever looks. */
function number_of(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return sum;
}

const leaf = (x: number, y: number, turn: number, size = 1) => (
  <path class="p-deep" transform={`translate(${x} ${y}) rotate(${turn}) scale(${size})`} d="M0 0C9-8 9-18 0-26C-9-18-9-8 0 0z" />
);
const pouch = (label: JSX.Element) => (
  <>
    <path class="p-main" d="M36 32h48l4 62a5 5 0 0 1-5 5H37a5 5 0 0 1-5-5z" />
    <path class="p-deep" d="M36 24h48v9H36z" />
    <rect class="p-light" x="44" y="48" width="32" height="34" rx="3" />
    {label}
  </>
);
const cup = (x: number, size: number, base = 98) => (
  <g transform={`translate(${x} ${base - 42 * size}) scale(${size})`}>
    <path class="p-main" d="M0 0h44v22a20 20 0 0 1-20 20h-4A20 20 0 0 1 0 22z" />
    <path class="p-line" d="M44 7h5a9 9 0 0 1 0 18h-6" />
    <ellipse class="p-deep" cx="22" cy="1" rx="22" ry="4" />
  </g>
);
const tin = (top: number) => (
  <>
    <rect class="p-main" x="38" y={top} width="44" height={98 - top} rx="4" />
    <rect class="p-deep" x="35" y={top - 8} width="50" height="13" rx="3" />
    <rect class="p-light" x="38" y={top + 20} width="44" height={58 - top > 20 ? 22 : 16} />
    {leaf(60, top + 38, 0)}
  </>
);

const drawings: Readonly<Record<string, () => JSX.Element>> = {
  TEA: () =>
    pouch(
      <>
        {leaf(60, 76, 0, 0.85)}
        {leaf(59, 76, -55, 0.55)}
        {leaf(61, 76, 55, 0.55)}
      </>,
    ),
  COFFEE: () =>
    pouch(
      <>
        <ellipse class="p-deep" cx="60" cy="65" rx="9" ry="13" transform="rotate(24 60 65)" />
        <path class="p-line-light" d="M56 54c7 7 1 14 8 22" />
      </>,
    ),
  MUG: () => (
    <>
      <rect class="p-main" x="34" y="44" width="44" height="54" rx="7" />
      <path class="p-line" d="M78 56h6a11 11 0 0 1 0 24h-6" />
      <path class="p-deep" d="M34 84h44v7a7 7 0 0 1-7 7H41a7 7 0 0 1-7-7z" />
      <path class="p-line-light" d="M48 36c-3-5 3-8 0-14M62 36c-3-5 3-8 0-14" />
    </>
  ),
  TEAPOT: () => (
    <>
      <path class="p-line" d="M34 50a28 24 0 0 1 52 0" />
      <path class="p-deep" d="M84 62l14-10 4 4-14 22z" />
      <ellipse class="p-main" cx="60" cy="74" rx="32" ry="25" />
      <ellipse class="p-deep" cx="60" cy="53" rx="17" ry="5" />
      <circle class="p-deep" cx="60" cy="46" r="4" />
    </>
  ),
  KETTLE: () => (
    <>
      <path class="p-line" d="M42 40a18 16 0 0 1 36 0" />
      <path class="p-deep" d="M80 58l20-12 3 5-20 22z" />
      <path class="p-main" d="M42 44h36l10 48a6 6 0 0 1-6 6H38a6 6 0 0 1-6-6z" />
      <rect class="p-deep" x="40" y="40" width="40" height="7" rx="3" />
    </>
  ),
  CUP: () => (
    <>
      {cup(22, 0.75)}
      {cup(64, 0.75)}
    </>
  ),
  FILTER: () => (
    <>
      <path class="p-deep" d="M34 40h60L70 92a6 6 0 0 1-12 0z" />
      <path class="p-main" d="M28 34h60L64 88a6 6 0 0 1-12 0z" />
      <path class="p-line-light" d="M38 42h40M43 52h30" />
    </>
  ),
  GRINDER: () => (
    <>
      <path class="p-line" d="M60 32h22" />
      <circle class="p-deep" cx="84" cy="30" r="5" />
      <path class="p-main" d="M44 38h32l-5 14H49z" />
      <rect class="p-main" x="44" y="52" width="32" height="46" rx="4" />
      <rect class="p-deep" x="44" y="72" width="32" height="26" rx="4" />
      <circle class="p-light" cx="60" cy="82" r="3" />
    </>
  ),
  SCALE: () => (
    <>
      <rect class="p-main" x="26" y="78" width="68" height="20" rx="5" />
      <rect class="p-light" x="68" y="84" width="18" height="8" rx="2" />
      <rect class="p-deep" x="32" y="73" width="56" height="6" rx="2" />
      {cup(41, 0.8, 73)}
    </>
  ),
  JUG: () => (
    <>
      <path class="p-main" d="M40 40l-8-6h46l-4 14 6 40a9 9 0 0 1-9 10H47a9 9 0 0 1-9-10z" />
      <path class="p-line" d="M77 52c16-2 16 28 2 28" />
      <path class="p-deep" d="M39 82l-1 6a9 9 0 0 0 9 10h24a9 9 0 0 0 9-10l-1-6z" />
    </>
  ),
  TIN: () => tin(44),
  HONEY: () => (
    <>
      <rect class="p-main" x="36" y="44" width="48" height="54" rx="12" />
      <rect class="p-deep" x="40" y="32" width="40" height="13" rx="3" />
      <rect class="p-light" x="36" y="58" width="48" height="24" />
      <path class="p-main" d="M60 62l7 4v8l-7 4-7-4v-8z" />
    </>
  ),
  BISCUIT: () => (
    <>
      <circle class="p-deep" cx="70" cy="74" r="24" />
      <circle class="p-main" cx="52" cy="68" r="26" />
      <path class="p-dots" d="M44 58h.1M58 56h.1M50 70h.1M64 70h.1M42 80h.1M56 84h.1" />
    </>
  ),
  CHOC: () => (
    <>
      <path class="p-light" d="M34 66h52v33H34z" />
      <path class="p-main" d="M36 26h48v44H36z" />
      <path class="p-line-light" d="M52 26v44M68 26v44M36 40h48M36 55h48" />
      <path class="p-deep" d="M34 72l8-6 8 6 9-6 9 6 9-6 9 6v27H34z" />
    </>
  ),
  TOWEL: () => (
    <>
      <path class="p-line" d="M26 30h68" />
      <path class="p-main" d="M36 30h40v68H36z" />
      <path class="p-deep" d="M76 30h12v56H76z" />
      <path class="p-line-light" d="M36 80h40M36 88h40" />
    </>
  ),
  APRON: () => (
    <>
      <path class="p-line" d="M48 38c0-20 24-20 24 0" />
      <path class="p-main" d="M46 36h28c0 12 6 16 14 20v42H32V56c8-4 14-8 14-20z" />
      <path class="p-deep" d="M44 70h32v16a4 4 0 0 1-4 4H48a4 4 0 0 1-4-4z" />
    </>
  ),
  SPOON: () => (
    <>
      <path class="p-line" d="M68 54l24-28" />
      <ellipse class="p-main" cx="54" cy="74" rx="25" ry="22" transform="rotate(-48 54 74)" />
      <ellipse class="p-deep" cx="54" cy="72" rx="17" ry="14" transform="rotate(-48 54 72)" />
    </>
  ),
  STRAINER: () => (
    <>
      <path class="p-line" d="M20 52h14M86 52h14" />
      <path class="p-main" d="M32 50h56a28 34 0 0 1-56 0z" />
      <path class="p-dots" d="M48 60h.1M60 60h.1M72 60h.1M54 68h.1M66 68h.1M60 76h.1" />
      <rect class="p-deep" x="28" y="46" width="64" height="7" rx="3" />
      {leaf(56, 42, -20)}
    </>
  ),
  TRAY: () => (
    <>
      {cup(43, 0.8, 78)}
      <path class="p-main" d="M20 82h80l-7 16H27z" />
      <rect class="p-deep" x="16" y="78" width="88" height="8" rx="4" />
    </>
  ),
  CANDLE: () => (
    <>
      <path class="p-light" d="M60 20c9 9 7 18 0 20c-7-2-9-11 0-20z" />
      <path class="p-line" d="M60 40v10" />
      <rect class="p-main" x="40" y="50" width="40" height="48" rx="6" />
      <rect class="p-deep" x="40" y="62" width="40" height="22" />
    </>
  ),
  CARD: () => (
    <>
      <rect class="p-deep" x="42" y="30" width="46" height="62" rx="3" transform="rotate(9 65 61)" />
      <rect class="p-main" x="32" y="34" width="48" height="62" rx="3" transform="rotate(-5 56 65)" />
      <path class="p-light" d="M56 78c-18-13-10-25 0-17c10-8 18 4 0 17z" />
    </>
  ),
  BAG: () => (
    <>
      <path class="p-line" d="M46 52c0-32 28-32 28 0" />
      <path class="p-main" d="M34 46h52l4 48a4 4 0 0 1-4 4H34a4 4 0 0 1-4-4z" />
      {leaf(60, 86, 0)}
    </>
  ),
  BOOK: () => (
    <>
      <path class="p-light" d="M40 90h46v8H40z" />
      <path class="p-main" d="M34 28h50v62H42a8 8 0 0 0-8 6z" />
      <path class="p-deep" d="M34 28h8v62a8 8 0 0 0-8 6z" />
      <path class="p-line-light" d="M52 44h22M52 52h16" />
      {leaf(63, 82, 0)}
    </>
  ),
  GLASS: () => (
    <>
      <path class="p-light" d="M40 30h40l-6 68H46z" />
      <path class="p-main" d="M42 50h36l-4 48H46z" />
      <path class="p-line" d="M66 60l10-38" />
      <rect class="p-light" x="50" y="56" width="11" height="11" rx="2" transform="rotate(14 55 61)" />
      <rect class="p-light" x="58" y="74" width="10" height="10" rx="2" transform="rotate(-12 63 79)" />
    </>
  ),
};
