//! Letters without their accents: the letters a–z that a Latin letter is a form of.

/// The letters a–z of a piece without accents, in lower case: `á` is `a` and `ß` is `ss`. Marks and punctuation that
/// occur in names have none. `None` for letters of other scripts, digits, and pieces of several characters.
pub(crate) fn folded(piece: &str) -> Option<&'static str> {
    let mut characters = piece.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return None;
    };
    Some(match character {
        'a'..='z' => letter(character as usize - 'a' as usize),
        'A'..='Z' => letter(character as usize - 'A' as usize),
        ' ' | '-' | '\'' | '.' | '’' | 'ʻ' | 'ʼ' | '·' | '\u{300}'..='\u{36f}' => "",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ß' | 'ẞ' => "ss",
        'þ' | 'Þ' => "th",
        'ə' | 'Ə' => "e",
        _ => letter(accented(character)? as usize - 'a' as usize),
    })
}

/// The letters from here on, and what they are without accents; a dot stands for letters that are not accented.
const BLOCKS: [(u32, &str); 4] = [
    (
        0xc0,
        "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y\
         aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllll\
         llllnnnnnn.nnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzz.",
    ),
    (0x1a0, "oo.............uu"),
    (
        0x1cd,
        "aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa....aaaaeeeeiiiio\
         ooorrrruuuusstt..hh......aaeeooooooooyy",
    ),
    (
        0x1e00,
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm\
         mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv\
         wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
         eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy",
    ),
];

/// The letter a–z under an accent.
fn accented(character: char) -> Option<u8> {
    BLOCKS.iter().find_map(|(first, letters)| {
        let place = u32::from(character).checked_sub(*first)? as usize;
        let letter = *letters.as_bytes().get(place)?;
        letter.is_ascii_lowercase().then_some(letter)
    })
}

fn letter(place: usize) -> &'static str {
    &"abcdefghijklmnopqrstuvwxyz"[place..=place]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every letter of a–z with marks, as Unicode decomposes it.
    #[cfg(feature = "normalization")]
    #[test]
    fn accented_letters_fold_as_they_decompose() {
        use unicode_normalization::UnicodeNormalization;
        let mut accented = 0;
        for character in (0xc0..0x250)
            .chain(0x1e00..0x1f00)
            .filter_map(char::from_u32)
        {
            let lower: String = character.to_lowercase().collect();
            let base: String = lower.nfd().filter(char::is_ascii).collect();
            let is_letter = base.len() == 1 && base.as_bytes()[0].is_ascii_lowercase();
            let marks = lower.nfd().filter(|c| !c.is_ascii());
            if is_letter
                && marks
                    .clone()
                    .all(|mark| ('\u{300}'..='\u{36f}').contains(&mark))
            {
                let piece = character.to_string();
                assert_eq!(folded(&piece), Some(&*base), "{piece}");
                accented += 1;
            }
        }
        assert!(accented > 400, "{accented}");
    }

    #[test]
    fn other_letters_and_punctuation() {
        let letters = ["z", "Q", "ł", "Ø", "ß", "Æ", "ı", "\u{307}", "'", "-", " "].map(folded);
        let expected = ["z", "q", "l", "o", "ss", "ae", "i", "", "", "", ""].map(Some);
        assert_eq!(letters, expected);
        for other in ["я", "α", "अ", "愛", "3", "_", "ab", "", "÷", "×"] {
            assert_eq!(folded(other), None, "{other}");
        }
    }
}
