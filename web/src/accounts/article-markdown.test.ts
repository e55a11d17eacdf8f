import { describe, expect, it } from 'vitest';
import { fromMarkdown, schema, toMarkdown } from './article-markdown';

const again = (markdown: string) => toMarkdown(fromMarkdown(markdown));

describe('the Markdown of articles', () => {
  it.each([
    'Some **bold**, *slanted*, ~~wrong~~ and `code`.',
    '## A heading\n\nText',
    '> Somebody said\n>\n> this',
    '* one\n* two\n\n1. first\n2. second',
    '```\n<b>\n```',
    '![A cat](/api/files/0123456789abcdef0123456789abcdef)',
    '[Weir](https://example.org/?a=1)',
    '一段中文，**粗体**。',
    'a\\*b \\_c\\_ \\<b>',
  ])('comes back as it was: %s', (markdown) => {
    expect(fromMarkdown(again(markdown)).eq(fromMarkdown(markdown))).toBe(true);
  });

  it('keeps a list as close or as wide as it was', () => {
    expect(again('* one\n* two')).toBe('* one\n* two');
    expect(again('1. one\n\n2. two')).toBe('1. one\n\n2. two');
    const { list_item: item, bullet_list: list } = schema.nodes;
    const made = schema.node('doc', null, [list!.create(null, ['one', 'two'].map((text) => item!.create(null, schema.node('paragraph', null, [schema.text(text)]))))]);
    expect(toMarkdown(made)).toBe('* one\n* two');
  });

  it('keeps headings between the second and the fourth level', () => {
    expect(again('# One\n\n###### Six')).toBe('## One\n\n#### Six');
  });

  it('takes HTML for text and scripts for no link', () => {
    const text = again('<script>alert(1)</script> [a](javascript:alert(1))');
    expect(fromMarkdown(text).textContent).toContain('<script>alert(1)</script>');
    expect(JSON.stringify(fromMarkdown(text).toJSON())).not.toContain('"link"');
  });
});
