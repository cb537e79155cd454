//! A line of CSV put together by hand, since one is written for every request while others are measured.

use crate::units::Usd;

/// Picodollars in a dollar.
const PICOS_PER_USD: u64 = 1_000_000_000_000;

/// One line under way, in memory that is used again for the next.
#[derive(Debug, Default)]
pub(in crate::rundir) struct CsvLine {
    bytes: Vec<u8>,
}

impl CsvLine {
    /// Forgets the line before.
    pub(in crate::rundir) fn begin(&mut self) {
        self.bytes.clear();
    }

    /// Adds a cell of text, in quotes where it needs them.
    pub(in crate::rundir) fn text(&mut self, text: &str) {
        if text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            self.bytes.push(b'"');
            for piece in text.split_inclusive('"') {
                self.bytes.extend_from_slice(piece.as_bytes());
                if piece.ends_with('"') {
                    self.bytes.push(b'"');
                }
            }
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.bytes.push(b',');
    }

    /// Adds cells that were put together before, each with the comma after it.
    pub(in crate::rundir) fn ready(&mut self, cells: &CsvLine) {
        self.bytes.extend_from_slice(&cells.bytes);
    }

    /// Adds a cell with a whole number, or an empty one.
    pub(in crate::rundir) fn number(&mut self, number: Option<u64>) {
        if let Some(number) = number {
            self.digits(number, 1);
        }
        self.bytes.push(b',');
    }

    /// Adds a cell with `true` or `false`.
    pub(in crate::rundir) fn yes_or_no(&mut self, yes: bool) {
        self.text(if yes { "true" } else { "false" });
    }

    /// Adds a cell with microseconds as milliseconds with three decimals, or an empty one.
    pub(in crate::rundir) fn millis(&mut self, micros: Option<u64>) {
        if let Some(micros) = micros {
            self.digits(micros / 1_000, 1);
            self.bytes.push(b'.');
            self.digits(micros % 1_000, 3);
        }
        self.bytes.push(b',');
    }

    /// Adds a cell with the exact amount of dollars, or an empty one.
    pub(in crate::rundir) fn dollars(&mut self, amount: Option<Usd>) {
        match amount.map(|amount| (u64::try_from(amount.picos()), amount)) {
            None => {}
            Some((Ok(picos), _)) => {
                let (whole, mut fraction, mut places) = (picos / PICOS_PER_USD, picos % PICOS_PER_USD, 12);
                self.digits(whole, 1);
                if fraction > 0 {
                    while fraction % 10 == 0 {
                        (fraction, places) = (fraction / 10, places - 1);
                    }
                    self.bytes.push(b'.');
                    self.digits(fraction, places);
                }
            }
            // More than any request costs, or less than nothing.
            Some((Err(_), amount)) => self.bytes.extend_from_slice(amount.to_string().as_bytes()),
        }
        self.bytes.push(b',');
    }

    /// Adds a cell with a hash as 16 hexadecimal digits, or an empty one.
    pub(in crate::rundir) fn hash(&mut self, hash: Option<u64>) {
        if let Some(hash) = hash {
            let digit = |place: usize| b"0123456789abcdef"[(hash >> (60 - 4 * place)) as usize & 15];
            self.bytes.extend_from_slice(&std::array::from_fn::<u8, 16, _>(digit));
        }
        self.bytes.push(b',');
    }

    /// Ends the line and shows it, line break included.
    pub(in crate::rundir) fn end(&mut self) -> &[u8] {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
        &self.bytes
    }

    /// Adds the digits of `number`, with zeros before them where there are fewer than `least`.
    fn digits(&mut self, mut number: u64, least: usize) {
        // A number of 64 bits has 20 digits at most.
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while number > 0 {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.bytes.extend_from_slice(&digits[at.min(digits.len() - least)..]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Moment;

    fn read_back(line: &[u8]) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(reader.records().count(), 0);
        record.iter().map(str::to_owned).collect()
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was(texts in proptest::collection::vec("[ab,\"\r\n é]{0,6}", 2..6)) {
            let mut line = CsvLine::default();
            texts.iter().for_each(|text| line.text(text));
            prop_assert_eq!(read_back(line.end()), texts);
        }

        #[test]
        fn any_number_is_written_as_the_standard_library_does(number: u64) {
            let mut line = CsvLine::default();
            line.number(Some(number));
            line.millis(Some(number));
            prop_assert_eq!(read_back(line.end()), [number.to_string(), Moment(number).to_string()]);
        }

        #[test]
        fn any_amount_and_hash_is_written_as_they_show_themselves(amount: u64, zeros in 0_u32..20, hash: u64) {
            let exact = |picos: i128| Usd::from_picos(picos);
            let amounts = [exact(amount.into()), exact((amount / 10_u64.pow(zeros) * 10_u64.pow(zeros)).into())];
            let beyond = [exact(i128::from(amount) << 60), exact(-i128::from(amount))];
            let mut line = CsvLine::default();
            amounts.iter().chain(&beyond).for_each(|amount| line.dollars(Some(*amount)));
            line.hash(Some(hash));
            let mut expected: Vec<String> = amounts.iter().chain(&beyond).map(ToString::to_string).collect();
            expected.push(format!("{hash:016x}"));
            prop_assert_eq!(read_back(line.end()), expected);
        }
    }

    #[test]
    fn what_is_absent_is_an_empty_cell_and_zero_is_not() {
        let mut line = CsvLine::default();
        line.text("left from before");
        line.begin();
        line.number(None);
        line.number(Some(0));
        line.millis(None);
        line.millis(Some(0));
        line.dollars(None);
        line.dollars(Some(Usd::ZERO));
        line.hash(None);
        assert_eq!(line.end(), b",0,,0.000,,0,\n");
    }
}
