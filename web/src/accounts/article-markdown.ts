import { defaultMarkdownParser, defaultMarkdownSerializer, MarkdownParser, MarkdownSerializer, schema as base } from 'prosemirror-markdown';
import { Schema, type Node } from 'prosemirror-model';

// What an article can say, as the editor's document and as the Markdown of docs/protocol.md.

export const clamp = (level: number) => Math.min(4, Math.max(2, level));

// Without empty lines between its items, unless the Markdown had them: so a button and a paste make it.
const tight = { default: true };
const listSpec = (name: 'bullet_list' | 'ordered_list') => base.spec.nodes.get(name)!;

export const schema = new Schema({
  nodes: base.spec.nodes.update('bullet_list', {
    ...listSpec('bullet_list'),
    attrs: { tight },
    parseDOM: [{ tag: 'ul' }],
  }).update('ordered_list', {
    ...listSpec('ordered_list'),
    attrs: { order: { default: 1 }, tight },
    parseDOM: [{ tag: 'ol', getAttrs: (dom: HTMLElement) => ({ order: Number(dom.getAttribute('start') ?? 1) || 1 }) }],
  }).update('heading', {
    attrs: { level: { default: 2 } },
    content: '(text | image)*',
    group: 'block',
    defining: true,
    parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: clamp(level) } })),
    toDOM: (node: Node) => [`h${node.attrs.level as number}`, 0],
  }),
  marks: base.spec.marks.addToEnd('strike', {
    parseDOM: [{ tag: 's' }, { tag: 'del' }, { tag: 'strike' }],
    toDOM: () => ['del', 0],
  }),
});

const parser = new MarkdownParser(schema, defaultMarkdownParser.tokenizer.enable('strikethrough'), {
  ...defaultMarkdownParser.tokens,
  heading: { block: 'heading', getAttrs: (token) => ({ level: clamp(Number(token.tag.slice(1))) }) },
  s: { mark: 'strike' },
});
const serializer = new MarkdownSerializer(defaultMarkdownSerializer.nodes, {
  ...defaultMarkdownSerializer.marks,
  strike: { open: '~~', close: '~~', mixable: true, expelEnclosingWhitespace: true },
});

export const toMarkdown = (node: Node): string => serializer.serialize(node, { tightLists: true });
export const fromMarkdown = (markdown: string): Node => parser.parse(markdown);
