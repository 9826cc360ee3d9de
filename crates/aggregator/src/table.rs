//! Parquet files: written row group by row group, and joined without unpacking them.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Rows of a row group: enough to compress well, few enough to hold.
const ROWS: usize = 20_000;
/// Bytes of text of a row group, about; the same again.
const TEXT: usize = 8 << 20;

/// One cell of a row.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Whole(Option<i64>),
    Real(Option<f64>),
}

/// A table that is written row group by row group.
pub(crate) struct Table {
    writer: SerializedFileWriter<Vec<u8>>,
    rows: Vec<Vec<Value>>,
    text: usize,
}

impl Table {
    pub(crate) fn new(schema: &str) -> Result<Self, ParquetError> {
        Ok(Self { writer: writer(Vec::new(), schema)?, rows: Vec::new(), text: 0 })
    }

    pub(crate) fn push(&mut self, row: Vec<Value>) -> Result<(), ParquetError> {
        let text = |value: &Value| match value {
            Value::Text(text) => text.as_ref().map_or(0, String::len),
            Value::Whole(_) | Value::Real(_) => 0,
        };
        self.text += row.iter().map(text).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() >= ROWS || self.text >= TEXT { self.flush() } else { Ok(()) }
    }

    pub(crate) fn close(mut self) -> Result<Bytes, ParquetError> {
        self.flush()?;
        Ok(Bytes::from(self.writer.into_inner()?))
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        self.text = 0;
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            // Every column is optional: a level of 1 says that the value is there.
            let mut levels = Vec::with_capacity(rows.len());
            let (mut texts, mut wholes, mut reals) = (Vec::new(), Vec::new(), Vec::new());
            for row in &rows {
                let present = match &row[place] {
                    Value::Text(text) => text.as_ref().map(|text| texts.push(ByteArray::from(text.as_str()))),
                    Value::Whole(number) => number.map(|number| wholes.push(number)),
                    Value::Real(number) => number.map(|number| reals.push(number)),
                };
                levels.push(i16::from(present.is_some()));
            }
            match &rows[0][place] {
                Value::Text(_) => column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?,
                Value::Whole(_) => column.typed::<Int64Type>().write_batch(&wholes, Some(&levels), None)?,
                Value::Real(_) => column.typed::<DoubleType>().write_batch(&reals, Some(&levels), None)?,
            };
            column.close()?;
            place += 1;
        }
        group.close()?;
        Ok(())
    }
}

/// A table in a file, which is joined from others of the same columns.
pub(crate) struct Joined {
    writer: SerializedFileWriter<File>,
}

impl Joined {
    pub(crate) fn new(file: File, schema: &str) -> Result<Self, ParquetError> {
        Ok(Self { writer: writer(file, schema)? })
    }

    /// Adds the row groups of a table as they are.
    pub(crate) fn add(&mut self, table: &Bytes) -> Result<(), ParquetError> {
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = reader.parse_and_finish(table)?;
        let index = metadata.page_index();
        for (place, group) in metadata.row_groups().iter().enumerate() {
            let mut joined = self.writer.next_row_group()?;
            for (at, column) in group.columns().iter().enumerate() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: index.and_then(|index| index.column_index(place, at)).cloned(),
                    offset_index: index.and_then(|index| index.offset_index(place, at)).cloned(),
                };
                joined.append_column(table, close)?;
            }
            joined.close()?;
        }
        Ok(())
    }

    pub(crate) fn close(self) -> Result<(), ParquetError> {
        self.writer.into_inner()?.flush().map_err(ParquetError::from)
    }
}

fn writer<W: Write + Send>(to: W, schema: &str) -> Result<SerializedFileWriter<W>, ParquetError> {
    let schema = Arc::new(parse_message_type(schema)?);
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?));
    SerializedFileWriter::new(to, schema, Arc::new(properties.build()))
}
