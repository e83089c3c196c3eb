"""Text to terms: languages, words, stems, sentences, and which language a text is in. Analysis happens here only."""
