/** The label of a parcel whose carrier draws none: 4 by 6 inches as PDF, or ZPL. */

import type { Address } from '../../contracts/index.ts';
import { draw_code_128 } from './barcode.ts';
import type { Address as Place } from './carriers/port.ts';
import type { Parcel, Shipment } from './model.ts';
import { place_of } from './place.ts';

export interface Label {
  readonly parcel: Pick<Parcel, 'parcel_id' | 'tracking_number' | 'weight_grams'>;
  readonly shipment: Pick<Shipment, 'order_id' | 'service' | 'carrier'>;
  readonly ship_to: Address | null;
  readonly ship_from: Place | undefined;
}
const points_of_an_inch = 72;
const [width, height, margin] = [4 * points_of_an_inch, 6 * points_of_an_inch, 18];
/** Longer ones would leave the paper. */
const line_length_max = 40;

export async function label_document(label: Label, format: 'pdf' | 'zpl'): Promise<Uint8Array> {
  return format === 'zpl' ? Buffer.from(zpl(label), 'utf8') : pdf(label);
}

/** Names come from strangers: control characters would break lines of the paper, and of the printer's language. */
function lines_of(place: Place | undefined): string[] {
  if (place === undefined) return [];
  const { name, line1, line2, city, region, postal_code, country } = place;
  const town = [postal_code, city, region].filter(Boolean).join(' ');
  const lines = [name, line1, line2 ?? '', town, country].map(line => line.replace(/\p{C}/gu, ' ').trim().slice(0, line_length_max));
  return lines.filter(line => line !== '');
}

function head_of({ shipment, parcel }: Label): { title: string; foot: string } {
  return { title: [shipment.carrier, shipment.service].filter(Boolean).join(' '), foot: `${shipment.order_id} · ${parcel.weight_grams} g` };
}

async function pdf(label: Label): Promise<Uint8Array> {
  // With the first label only: it brings fonts, and most processes never print.
  const { default: PDFDocument } = await import('pdfkit');
  const number = label.parcel.tracking_number ?? '';
  const { title, foot } = head_of(label);
  const document = new PDFDocument({ size: [width, height], margin, info: { Title: `Label ${number}` } });
  const centered = { width: width - 2 * margin, align: 'center' } as const;
  document.fontSize(16).text(title, margin, margin);
  document.fontSize(8).text(lines_of(label.ship_from).join('\n'), margin, 48);
  document
    .moveTo(margin, 120)
    .lineTo(width - margin, 120)
    .stroke();
  document.fontSize(14).text(lines_of(place_of(label.ship_to)).join('\n'), margin, 132);
  document
    .moveTo(margin, 260)
    .lineTo(width - margin, 260)
    .stroke();
  if (number !== '') await draw_code_128(document, number, { x: margin, y: 275, width: width - 2 * margin, height: 70 });
  document.fontSize(20).text(number, margin, 355, centered);
  document.fontSize(8).text(foot, margin, height - 40, centered);
  document.end();
  const chunks: Buffer[] = [];
  for await (const chunk of document) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** `^` and `~` begin commands of the printer; `^FH` lets them stand in a field as hexadecimal. `^CI28`: UTF-8. */
function zpl(label: Label): string {
  const text = (words: string) => words.replace(/[\^~_\\]/g, character => `_${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const field = (y: number, size: number, words: string) => `^FO40,${y}^A0N,${size},${size}^FH^FD${text(words)}^FS`;
  const { title, foot } = head_of(label);
  const from = lines_of(label.ship_from).map((line, place) => field(90 + place * 26, 22, line));
  const to = lines_of(place_of(label.ship_to)).map((line, place) => field(270 + place * 46, 38, line));
  const number = label.parcel.tracking_number ?? '';
  return [
    '^XA',
    '^CI28',
    field(30, 44, title),
    ...from,
    ...to,
    `^FO60,620^BY3^BCN,200,Y,N,N^FD${number}^FS`,
    field(1100, 24, foot),
    '^XZ',
    '',
  ].join('\n');
}
