-- Suppliers that are reached by Peppol documents are partners, too: known by the endpoint in what they write.
alter table suppliers.supplier drop constraint supplier_channel_check, drop constraint partner_of_channel;
alter table suppliers.supplier
  add constraint supplier_channel_check check (channel in ('rest', 'manual', 'x12_http', 'x12_files', 'peppol')),
  add constraint partner_of_channel check ((partner is not null) = (channel in ('x12_http', 'x12_files', 'peppol')));
