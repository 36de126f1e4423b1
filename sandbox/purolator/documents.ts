/** Labels on thermal paper, 4 by 6 inches, with a barcode that scans. */
import { draw_code_128 } from '../barcode.ts';
import { at, elements, text_at } from '../soap.ts';
import type { StandInReply, StandInRequest } from '../stand_in.ts';
import { type Asked, type Purolator, pin_tag, reply, type Shipment, tag } from './objects.ts';

const points_of_an_inch = 72;
const [width, height, margin] = [4 * points_of_an_inch, 6 * points_of_an_inch, 18];

export async function get_documents(purolator: Purolator, asked: Asked): Promise<StandInReply> {
  const criteria = elements(at(asked.content, 'DocumentCriterium') ?? asked.content, 'DocumentCriteria');
  const documents: string[] = [];
  for (const one of criteria) {
    const shipment = purolator.shipments.get(text_at(one, 'PIN', 'Value') ?? '');
    if (shipment === undefined || shipment.is_voided)
      return reply(asked, '<Documents i:nil="true"/>', [{ code: '1100451', description: 'The shipment does not exist' }]);
    const type = text_at(one, 'DocumentTypes', 'DocumentType') ?? 'DomesticBillOfLadingThermal';
    const is_data = purolator.documents === 'data';
    const url = is_data ? tag('URL', null) : tag('URL', `${purolator.sim.url()}/documents/${shipment.pin}.pdf`);
    const data = is_data ? tag('Data', Buffer.from(await pdf(shipment)).toString('base64')) : tag('Data', null);
    documents.push(
      `<Document>${pin_tag(shipment.pin)}<DocumentDetails><DocumentDetail>${tag('DocumentType', type)}<Description i:nil="true"/>${tag('DocumentStatus', 'Completed')}${url}${data}</DocumentDetail></DocumentDetails></Document>`,
    );
  }
  return reply(asked, `<Documents>${documents.join('')}</Documents>`);
}

/** As from a file store: whoever knows the address may read it. */
export async function document_file(purolator: Purolator, request: StandInRequest): Promise<StandInReply> {
  const shipment = purolator.shipments.get((request.params['file'] ?? '').replace(/\.pdf$/, ''));
  if (shipment === undefined) return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'no such document' };
  return { status: 200, headers: { 'content-type': 'application/pdf' }, body: await pdf(shipment) };
}

async function pdf({ pin, service, sender, receiver, reference }: Shipment): Promise<Uint8Array> {
  // Loaded with the first label: it brings fonts, and a stand-in should start at once.
  const { default: PDFDocument } = await import('pdfkit');
  const document = new PDFDocument({ size: [width, height], margin, info: { Title: `Label ${pin}` } });
  document.fontSize(16).text(service, margin, margin);
  document.fontSize(8).text(['FROM', ...sender].join('\n'), margin, 48);
  document.fontSize(12).text(['TO', ...receiver].join('\n'), margin, 130);
  await draw_code_128(document, pin, { x: margin, y: 262, width: width - 2 * margin, height: 80 });
  const centered = { width: width - 2 * margin, align: 'center' } as const;
  document.fontSize(12).text(pin, margin, 350, centered);
  document.fontSize(8).text(`REF ${reference ?? ''}`, margin, 372, centered);
  document.fontSize(8).text('SANDBOX - NOT VALID POSTAGE', margin, height - 40, centered);
  document.end();
  const chunks: Buffer[] = [];
  for await (const chunk of document) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
