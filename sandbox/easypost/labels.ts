/** Labels as a printer takes them: a PDF of 4 by 6 inches, or ZPL. PNG is not drawn: who asks for it gets the PDF. */
import { draw_code_128 } from '../barcode.ts';
import type { StandInReply, StandInRequest } from '../stand_in.ts';
import { type Address, type EasyPost, not_found, type Shipment } from './objects.ts';

export type LabelFormat = 'pdf' | 'zpl';
const points_of_an_inch = 72;
const file_types: Readonly<Record<LabelFormat, string>> = { pdf: 'application/pdf', zpl: 'application/zpl' };

/** Undefined for what no printer knows. */
export function label_format(asked: unknown): LabelFormat | undefined {
  if (asked === undefined || asked === null) return 'pdf';
  if (typeof asked !== 'string' || !/^(pdf|zpl|png)$/i.test(asked)) return undefined;
  return asked.toLowerCase() === 'zpl' ? 'zpl' : 'pdf';
}

export function label_url(easypost: EasyPost, shipment: Shipment, format: LabelFormat): string {
  return `${easypost.sim.url()}/files/postage_label/${shipment.id}.${format}`;
}

export function label_on_wire(easypost: EasyPost, shipment: Shipment): object | null {
  const { label } = shipment;
  if (label === null) return null;
  const converted = (format: LabelFormat) => (label.converted.includes(format) ? label_url(easypost, shipment, format) : null);
  return {
    object: 'PostageLabel',
    id: label.id,
    created_at: label.at,
    updated_at: label.at,
    date_advance: 0,
    integrated_form: 'none',
    label_date: label.at,
    label_resolution: 300,
    label_size: '4x6',
    label_type: 'default',
    label_file_type: file_types[label.format],
    label_url: label_url(easypost, shipment, label.format),
    label_pdf_url: converted('pdf'),
    label_zpl_url: converted('zpl'),
    label_epl2_url: null,
    label_file: null,
  };
}

/** As from a file store: whoever knows the address may read it. */
export async function label_file(easypost: EasyPost, request: StandInRequest): Promise<StandInReply> {
  const [, id = '', ending] = /^(shp_\w+)\.(pdf|zpl)$/.exec(request.params['file'] ?? '') ?? [];
  const shipment = easypost.shipments.get(id);
  if (shipment === undefined || shipment.label === null) return not_found();
  if (ending === 'zpl') return { status: 200, headers: { 'content-type': file_types.zpl }, body: zpl(shipment) };
  return { status: 200, headers: { 'content-type': file_types.pdf }, body: await pdf(shipment) };
}

function lines_of(address: Address): string[] {
  const { name, company, street1, street2, city, state, zip, country } = address;
  const town = [city, state, zip].filter(Boolean).join(' ');
  return [name, company, street1, street2, town, country].filter(line => typeof line === 'string').filter(line => line !== '');
}

async function pdf(shipment: Shipment): Promise<Uint8Array> {
  // Loaded with the first label: it brings fonts, and a stand-in should start at once.
  const { default: PDFDocument } = await import('pdfkit');
  const [width, height] = [4 * points_of_an_inch, 6 * points_of_an_inch];
  const document = new PDFDocument({ size: [width, height], margin: 18, info: { Title: `Label ${shipment.tracking_code}` } });
  document.fontSize(16).text(`${shipment.selected_rate?.carrier} ${shipment.selected_rate?.service}`, 18, 18);
  document.fontSize(8).text(['FROM', ...lines_of(shipment.from_address)].join('\n'), 18, 48);
  document
    .moveTo(18, 120)
    .lineTo(width - 18, 120)
    .stroke();
  document.fontSize(12).text(['SHIP TO', ...lines_of(shipment.to_address)].join('\n'), 18, 130);
  document
    .moveTo(18, 250)
    .lineTo(width - 18, 250)
    .stroke();
  // A real one, so that a dock's scanner can be tried; what is printed beside it says that it pays for nothing.
  await draw_code_128(document, shipment.tracking_code ?? '', { x: 18, y: 262, width: width - 36, height: 80 });
  document.fontSize(11).text(shipment.tracking_code ?? '', 18, 350, { width: width - 36, align: 'center' });
  document.fontSize(8).text('SANDBOX - NOT VALID POSTAGE', 18, height - 40, { width: width - 36, align: 'center' });
  document.end();
  const chunks: Buffer[] = [];
  for await (const chunk of document) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** `^` and `~` begin commands of the printer, so no name may hold them; nor line ends. */
function zpl(shipment: Shipment): string {
  const field = (y: number, size: number, text: string) => `^FO40,${y}^A0N,${size},${size}^FD${text.replace(/[\^~\r\n]/g, ' ')}^FS`;
  const to = lines_of(shipment.to_address).map((line, index) => field(260 + index * 45, 36, line));
  const from = lines_of(shipment.from_address).map((line, index) => field(90 + index * 25, 22, line));
  const head = field(30, 44, `${shipment.selected_rate?.carrier} ${shipment.selected_rate?.service}`);
  const code = `^FO60,700^BY3^BCN,200,Y,N,N^FD${shipment.tracking_code ?? ''}^FS`;
  return ['^XA', head, ...from, ...to, code, field(1100, 28, 'SANDBOX - NOT VALID POSTAGE'), '^XZ', ''].join('\n');
}
