//! Files that are packed with gzip or Zstandard: what they contain, while it is read.

use std::io::{self, BufRead};

/// What a gzip or Zstandard file contains, in any number of parts; any other input as it is.
///
/// It is unpacked while it is read, so it takes no more memory than its format prescribes: for Zstandard, at most
/// 128 MB. A file that is damaged or incomplete is an error of the reader.
///
/// ```
/// use std::io::Read;
///
/// let mut text = String::new();
/// nextchar::unpacked("aadesh\n".as_bytes())?.read_to_string(&mut text)?;
/// assert_eq!(text, "aadesh\n");
/// # std::io::Result::Ok(())
/// ```
///
/// # Errors
/// If the input fails.
pub fn unpacked<'a>(input: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    #[cfg(feature = "compressed")]
    return packed::find(input);
    #[cfg(not(feature = "compressed"))]
    Ok(Box::new(input))
}

#[cfg(feature = "compressed")]
mod packed {
    use std::io::{BufReader, Error, ErrorKind, Read};

    use flate2::bufread::MultiGzDecoder;
    use ruzstd::decoding::FrameDecoder;
    use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

    use super::*;

    const GZIP: &[u8] = b"\x1f\x8b";
    /// A frame, and the sixteen that are to be skipped.
    const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
    const ZSTD_SKIPPED: std::ops::RangeInclusive<u8> = 0x50..=0x5f;

    pub(super) fn find<'a>(mut input: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
        // A pipe may begin with a single byte.
        let mut first = Vec::new();
        while first.len() < ZSTD.len() && !first.contains(&b'\n') {
            let more = match input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                more => more?,
            };
            let used = more.len().min(ZSTD.len() - first.len());
            if used == 0 {
                break;
            }
            if first.is_empty() && used == ZSTD.len() {
                // Nothing needs to be put back.
                first.extend(&more[..used]);
                return Ok(choose(&first, input));
            }
            first.extend(&more[..used]);
            input.consume(used);
        }
        let input = io::Cursor::new(first.clone()).chain(input);
        Ok(choose(&first, input))
    }

    fn choose<'a>(first: &[u8], input: impl BufRead + 'a) -> Box<dyn BufRead + 'a> {
        let is_skipped = |first: &[u8]| match first {
            [kind, rest @ ..] => ZSTD_SKIPPED.contains(kind) && rest == b"\x2a\x4d\x18",
            [] => false,
        };
        if first.starts_with(GZIP) {
            Whole::boxed("gzip", MultiGzDecoder::new(input))
        } else if first == ZSTD || is_skipped(first) {
            Whole::boxed("Zstandard", Frames::new(input))
        } else {
            Box::new(input)
        }
    }

    /// A decoder that fills what it is given, and words its errors.
    struct Whole<R> {
        format: &'static str,
        decoder: R,
    }

    impl<'a, R: Read + 'a> Whole<R> {
        fn boxed(format: &'static str, decoder: R) -> Box<dyn BufRead + 'a> {
            Box::new(BufReader::with_capacity(1 << 16, Whole { format, decoder }))
        }
    }

    impl<R: Read> Read for Whole<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut filled = 0;
            while filled < buffer.len() {
                match self.decoder.read(&mut buffer[filled..]) {
                    Ok(0) => break,
                    Ok(read) => filled += read,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // A fault of the disk is no fault of the file.
                    Err(error) if error.raw_os_error().is_some() => return Err(error),
                    Err(error) => {
                        let what = match error.kind() {
                            ErrorKind::UnexpectedEof => "it ends in the middle".to_owned(),
                            _ => error.to_string(),
                        };
                        let format = self.format;
                        return Err(Error::new(
                            ErrorKind::InvalidData,
                            format!(
                                "the {format} file is damaged or incomplete ({what}); copy it again"
                            ),
                        ));
                    }
                }
            }
            Ok(filled)
        }
    }

    /// The frames of a Zstandard file, one after the other.
    struct Frames<R> {
        input: R,
        decoder: FrameDecoder,
        is_inside: bool,
    }

    impl<R: BufRead> Frames<R> {
        fn new(input: R) -> Self {
            Frames {
                input,
                decoder: FrameDecoder::new(),
                is_inside: false,
            }
        }

        /// Begins the next frame that is not to be skipped; returns false at the end of the file.
        fn begin(&mut self) -> io::Result<bool> {
            use FrameDecoderError::ReadFrameHeaderError as Header;
            while !self.input.fill_buf()?.is_empty() {
                match self.decoder.reset(&mut self.input) {
                    Ok(()) => return Ok(true),
                    Err(Header(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                        let mut skipped = self.input.by_ref().take(length.into());
                        if io::copy(&mut skipped, &mut io::sink())? < length.into() {
                            return Err(ErrorKind::UnexpectedEof.into());
                        }
                    }
                    Err(error) => return Err(Error::other(error)),
                }
            }
            Ok(false)
        }
    }

    impl<R: BufRead> Read for Frames<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
            loop {
                if !self.is_inside {
                    self.is_inside = self.begin()?;
                    if !self.is_inside {
                        return Ok(0);
                    }
                }
                let read = self.decoder.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
                if !self.decoder.is_finished() {
                    let decoded = self.decoder.decode_blocks(&mut self.input, UptoBlocks(1));
                    decoded.map_err(Error::other)?;
                    continue;
                }
                let written = self.decoder.get_checksum_from_data();
                if written.is_some() && written != self.decoder.get_calculated_checksum() {
                    return Err(Error::other("its checksum is wrong"));
                }
                self.is_inside = false;
            }
        }
    }
}
